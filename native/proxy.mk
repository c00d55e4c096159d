PROGRAMS += gantry-proxy
gantry-proxy_SOURCES = proxy.c proxy_table.c proxy_tcp.c proxy_udp.c proxy_control.c
