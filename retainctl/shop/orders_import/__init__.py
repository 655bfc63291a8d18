"""Orders in: files of any shop, checked, compared with what is there, and booked in one transaction.

``orders``      importing a file, the public function; ``planning`` how it is read
``processes``   a large file is read in a process of its own, while the first one writes
``files`` ``tables`` ``values`` ``instants``   bytes to lines, lines to cells, cells to values
``formats``     one small module a format; ``sheets`` and ``mapping`` are what most of them share
``reading``     rows to documents (``composing``), each judged: new, changed or unchanged
``portions``    what is handed over from reading to writing: plain rows, made by ``packing``
``booking`` ``amending`` ``catalogue`` ``returning``   writing them
``register``    the imports that were committed; lists of customers and products use it too
``quarantine``  the rows that could not be booked
"""

from __future__ import annotations
