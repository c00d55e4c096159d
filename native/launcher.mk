PROGRAMS += gantry-launcher
gantry-launcher_SOURCES = launcher.c plan.c operations.c mounts.c credentials.c netlink.c process.c start_time.c devices.c userns.c layers.c child.c shim.c attach.c session.c relay.c terminal.c journal.c init.c wire.c seal.c bundle.c hook.c start.c unix_socket.c filter.c
