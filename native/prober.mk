PROGRAMS += gantry-prober
gantry-prober_SOURCES = prober.c prober_connection.c start_time.c wire.c
