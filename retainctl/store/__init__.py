"""The facts, in a database. This package alone opens one; it decides nothing about the shop.

``database``   the open database and ``Table``, the base of every table
``dialect``    the SQL that differs between SQLite and PostgreSQL
``opening``    opening, creating, migrating, backing up and checking a database
``writing``    transactions: the write lock first, one retry loop, errors by their remedy
``people``, ``commerce``, ``club``, ``audience``, ``outreach``, ``voice``, ``operations``   the tables by subject
``migrations`` the schema itself, numbered; the tables above only name its columns
"""

from __future__ import annotations
