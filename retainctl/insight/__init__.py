"""What came of it: figures with their definitions, and the charts that show them.

``reports``     a module for each: its rows, what its columns are called in both languages, and its chart
``labels``      what several of them say
``svg``, ``pages``   a report as one self-contained HTML file
``goals``       holding a figure against a goal
"""

from __future__ import annotations
