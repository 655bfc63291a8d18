"""Surveys: their files, invitations and answers, and the scores computed from them.

``survey_file``  what a survey's file says: its questions, its invitation, and how a file of answers is read
``surveys``      drafting and checking it, and its invitation as what is planned
``samples``      the first file of a new survey, in Hebrew and English
``invitation_mail``  the invitation as a mail; ``mail_blocks`` are its row of scores, and how to answer
``invitations``  asking: planned, approved and queued like a campaign
``answering``    answers from a file: ``reading`` understands its rows, ``save_responses`` keeps them
``scores``       NPS, CSAT and CES with their intervals (pure)
``results``      the scores of a survey, its response rate and its comments
"""

from __future__ import annotations
