PROGRAMS += gantry-applier
gantry-applier_SOURCES = applier.c applier_target.c hostile.c applier_fail.c applier_input.c applier_tar.c applier_pax.c \
  applier_path.c applier_metadata.c applier_place.c
