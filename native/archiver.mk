PROGRAMS += gantry-archiver
gantry-archiver_SOURCES = archiver.c archiver_source.c hostile.c archiver_fail.c archiver_output.c archiver_walk.c archiver_header.c \
  archiver_list.c archiver_xattr.c
