"""Trainings on the machines of a Ray cluster: the same worker, the same store, other processors.

``executor`` is what the scheduler knows; it never imports Ray. ``link`` keeps a process beside the
server (``agent``) that speaks to the cluster, so that a cluster that fails can't take the server
along. Each training is an actor (``trainer``) that runs the usual worker on a store (``remote``)
whose every word goes to one actor beside the real one (``recorder``).
"""
