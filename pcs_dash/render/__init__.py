"""Handing it out: a story as PowerPoint, PDF or one HTML file, and its tables as a workbook.

`content` says what is on each slide, `figures` and `charts` draw it, the others write the files.
"""
