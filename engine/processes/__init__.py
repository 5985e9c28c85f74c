"""Several processes behind one API's address: what starts them, what they share, what they tell one another.

Everything here is light to import: the process that starts the others serves nothing itself.
"""
