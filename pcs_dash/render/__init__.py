"""Handing it out: a story as PowerPoint, PDF or one HTML file, and its tables as a workbook.

`views.content` says what is on each slide; `paper_maps`, `page_charts` and `svg_charts` draw it;
the others write the files.
"""
