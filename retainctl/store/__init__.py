"""The facts, in a database. This package alone opens one; it decides nothing about the shop.

``database``        the open database, queries, and ``Model``, the base of the few tables that are used row by row
``select``          a query's rows as frozen rows, by the names of their columns
``dialect``         the SQL that differs between SQLite and PostgreSQL; ``schema_dialect`` that of the schema
``migrations``      the schema itself, numbered; ``schema`` is what a migration may do
``opening``         opening, creating and migrating a database; ``read_only`` opens one that only may be read
``transactions``    the write lock first, one retry loop, errors by their remedy; ``waiting``: whom a writer waits for
``runs``            a row and a log for whatever is run
``backup``          a checked copy; ``integrity`` checks the database itself
``installation``    which installation may send from it
``leases``          names that living processes hold
``address_hash``    telling an address without keeping it
``club``, ``outreach``   a lock and two tables that more than one room works with
"""

from __future__ import annotations
