"""Lists in: customers, products and consent, a row each, by the same reading and quarantine as orders.

``sheet``       one file: known or not, row by row, all in one transaction
``customers`` ``products`` ``consent``   what a row of each says, and the public function that imports it
``words``       cells that say yes, no, a language
"""

from __future__ import annotations
