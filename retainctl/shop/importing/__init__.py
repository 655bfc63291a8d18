"""Orders in: files of any shop, checked, compared with what is there, and booked in one transaction.

``orders``      importing a file, the public function
``files`` ``tables`` ``values``   bytes to lines, lines to cells, cells to values
``formats``     one small module a format; ``sheets`` and ``mapping`` are what most of them share
``gathering``   rows to documents, each judged: new, changed or unchanged
``register``    the imports that were committed; lists of customers and products use it too
``booking`` ``buyers`` ``catalogue`` ``returning``   writing them
``quarantine``  the rows that could not be booked
"""

from __future__ import annotations
