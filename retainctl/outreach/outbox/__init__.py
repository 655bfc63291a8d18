"""The outbox: one row per message, whose state is the only record of progress.

``queueing``      creating the rows of an approved mailing
``claiming``      leasing rows to a sender, after another check of consent, budget and quiet hours
``send_loop``     the loop between a channel and the database, until nothing is due
``commit_cycle``  the transaction of one cycle: the outcomes of the messages being sent
``states``        the transitions, each a compare-and-set with its event
``recover``       messages that dead or stopped senders left behind
``delivering``, ``listing``, ``resolve``, ``checking``, ``adopting``   what the commands call

The states and their transitions:

    planned, deferred -> claimed -> handing -> sent
                                            -> deferred, failed
                                            -> unknown -> (a late answer, a policy, by hand) sent, failed, planned
    planned, deferred -> suppressed, expired, cancelled

A message is durably ``handing`` before the bytes that make a server responsible for it are sent. So a message that was
not ``handing`` when its sender died was certainly not sent, and one that was may have been.
"""

from __future__ import annotations
