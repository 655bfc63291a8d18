"""Reports: figures with their definitions, and the charts that show them.

``reports``     one module per report: its rows, the headings of its columns in both languages, and its chart
``labels``      texts that several reports share
``svg``, ``pages``   a report as one self-contained HTML file
``goals``       comparing figures with goals
"""

from __future__ import annotations
