"""Whole cases as shops have them: a file in, and every figure, state and day that follows from it."""
