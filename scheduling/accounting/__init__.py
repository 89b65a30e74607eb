"""Money: accounts and their ledger, holds for bookings, charges for use, and the proof that the books are right.

Order of files, each importing only those before it: accounts, ledger, deposits, holds, splits, charges, spenders, spending; then the verbs
charging and disputes; statements, settlements and issuing; and proof over all of them. After that periods and journal.
"""
