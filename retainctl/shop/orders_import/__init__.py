"""Orders in: files of any shop, checked, compared with what is there, and booked in one transaction.

``orders``      importing a file, the public function; ``planning`` how it is read
``processes``   a large file is read in a process of its own, while the first one writes
``known``       the formats that are known, with the ready mappings of ``mappings``; ``mapped`` a format by a mapping
``formats``     one small module a format; ``documents`` what they make of rows, ``sums`` what an order comes to
``assemble``    rows of one id to their document; ``compare`` judges each: new, changed or unchanged
``batch``       what is handed over from reading to writing: plain rows
``booking`` ``update`` ``returns``   writing them; ``stored`` what was there before
``retry``       rows out of the quarantine, once more
``proposing``   a first mapping for a file that nobody knows

Files, cells, values, the quarantine and the runs of imports are ``intake``'s.
"""

from __future__ import annotations
