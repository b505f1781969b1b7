"""The hosted pages: sign-in and what belongs to it, as HTML forms that work without script.

A request:  face.py (which page, whose client, CSRF)  ->  routes.py  ->  a handler, with its `Visit`  ->  page.py
(a template), or a redirect. A post is always answered by a redirect, so neither a reload nor the back button does
anything twice; what is to be said then waits in the flow (flow.py), a sealed cookie that holds what a sign-in needs
from page to page. Every address of a page carries the application's own query, so each can begin again.

The pages decide nothing: they call what the API calls, or its parts. They never touch the store.
"""
