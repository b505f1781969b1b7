"""What an administrator does with the people of a pool.

`admin.py` and `creation.py` make and change them, `listing.py` finds them, `membership.py` puts them into groups;
`describe.py` shows a person as the API does. What people do themselves is beside this folder.
"""
