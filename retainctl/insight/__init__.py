"""Reports: figures with their definitions, and the charts that show them.

``reports``     one module per report: its rows, the headings of its columns in both languages, and its story
``labels``      texts that several reports share
``periods``     the days that a report is of
``walking``, ``returning``, ``zones``   what stories are told from
``story``       what a page says: a finding, figures, pictures
``svg``, ``charts``   the drawing, and the kinds of picture
``pages``, ``survey_page``   a report, and a survey's results, as one self-contained HTML file
``building``    all of them in one folder
``goals``       comparing figures with goals
"""

from __future__ import annotations
