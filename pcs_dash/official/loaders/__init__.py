"""One loader a publication: InputFile in, typed and validated table out.

Every loader either returns a correct table or raises `InputFileError` with file, row and column.
"""
