"""Surveys: their files, invitations and answers, and the scores computed from them.

``surveys``      a survey's file: its questions, its invitation, and how a file of answers is read
``samples``      the first file of a new survey, in Hebrew and English
``invitations``  asking: planned, approved and queued like a campaign
``answering``    answers from a file: ``reading`` understands its rows, ``save_responses`` keeps them
``scores``       NPS, CSAT and CES with their intervals (pure)
``results``      the scores of a survey, its response rate and its comments
"""

from __future__ import annotations
