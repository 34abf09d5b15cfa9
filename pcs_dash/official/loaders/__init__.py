"""One loader a publication: the table of its file as read, typed and validated, in; what is stored
of it out.

Every loader either returns a correct table or raises `InputFileError` with file, row and column.
"""
