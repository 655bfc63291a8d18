"""The facts, in a database. This package alone opens one; it decides nothing about the shop.

``database``    the open database and ``Table``, the base of every table
``dialect``     the SQL that differs between SQLite and PostgreSQL
``opening``     opening, creating and migrating a database
``writing``     transactions: the write lock first, one retry loop, errors by their remedy
``keeping``     a checked copy; ``integrity`` checks the database itself
``adoption``    which installation may send from it
``holding``     names that living processes hold
``people``, ``commerce``, ``club``, ``audience``, ``outreach``, ``voice``, ``jobs``   the tables by subject
``migrations``  the schema itself, numbered; the tables above only name its columns
"""

from __future__ import annotations
