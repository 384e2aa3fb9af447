"""The road through the stages: a request in, numbers, closed forms, verdict and reasons out.

`answering` goes it; the library (`gradcli.api`), the command line and `batch` all call it.
"""
