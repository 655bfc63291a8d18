"""The pages that ``retainctl help TOPIC`` shows."""
