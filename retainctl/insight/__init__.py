"""What came of it: figures with their definitions, and the charts that show them.

``retention``, ``orders``, ``cohorts``, ``rfm``, ``campaigns``, ``points``   the reports, each its rows
``reports``     the list of them, and holding a figure against a goal
``svg``, ``charts``, ``pages``   a report as one self-contained HTML file
``words``       headings and definitions in the languages of the shop
"""

from __future__ import annotations
