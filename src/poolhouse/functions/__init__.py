"""Programs that run as processes of their own, below the functions of triggers: `confine.py` shuts a process in and
becomes the function's command; `runtime.py` runs a plain Python handler. Both need the standard library alone.
"""
