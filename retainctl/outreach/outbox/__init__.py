"""The outbox: one row a recipient, whose own state is the only progress there is.

``queueing``      the rows of an approved mailing
``claiming``      taking rows for a while, with consent, budget and hours asked once more
``send_loop``     between a channel and the database, until nothing is due
``commit_cycle``  one cycle's transaction: what became of the messages in hand
``states``        the transitions, each a compare-and-set with its event
``recover``       what dead or stopped senders left behind
``delivering``, ``listing``, ``resolve``, ``checking``, ``adopting``   what a person asks for

The states and what leads from one to the next:

    planned, deferred -> claimed -> handing -> sent
                                            -> deferred, failed
                                            -> unknown -> (by evidence, by hand) sent, failed, planned
    planned, deferred -> suppressed, expired, cancelled

That a message is ``handing`` is on the disk before the bytes leave that make a server responsible for it. So one that
was not ``handing`` when its sender died was certainly not sent, and one that was may have been.
"""

from __future__ import annotations
