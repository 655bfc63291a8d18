"""The club: its terms, what orders earn by them, and the ledger of points.

``terms``      the file club.toml: versions of the rules, each with its first day
``earning``    what an order earns, line by line: pure arithmetic
``ledger``     booking: the lock, the chain (``chain_heads``), ``lots`` first to expire first to go
``accounts``, ``unmerge``   whose points they are, and whose again when a merge is undone
``awarding``   earning for all orders whose award is not what it should be; ``orders`` reads them
``spending``   redeeming; adding and taking by hand; ``points_import`` the same for a list
``expiry``     taking what is past its day
``balances``, ``statement``, ``explaining``   what a customer has, how it came about, and why
``checking``   proves the books
"""

from __future__ import annotations
