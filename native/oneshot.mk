PROGRAMS += gantry-oneshot
gantry-oneshot_SOURCES = oneshot.c $(filter-out launcher.c shim.c session.c relay.c journal.c,$(gantry-launcher_SOURCES))
