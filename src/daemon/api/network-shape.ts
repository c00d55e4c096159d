import { formatSubnet } from "../../net/ipv4.ts";
import type { NetworkView } from "../engine.ts";

const MTU_OPTION = "com.docker.network.driver.mtu";

/** Engine API, Network. Docker lists containers only where one network is asked for. */
export function networkShape(network: NetworkView, { detail }: { readonly detail: boolean }): object {
  const { name, id, createdAt, subnet, gateway, internal, labels, mtu } = network;
  const containers = detail
    ? network.containers
        .filter(({ running }) => running)
        .map(({ id: container, name: containerName, attachment }) => [
          container,
          {
            Name: containerName,
            EndpointID: "",
            MacAddress: attachment.hardwareAddress ?? "",
            IPv4Address: `${attachment.address}/${subnet.prefix}`,
            IPv6Address: "",
          },
        ])
    : [];
  return {
    Name: name,
    Id: id,
    Created: new Date(createdAt).toISOString(),
    Scope: "local",
    Driver: "bridge",
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: [{ Subnet: formatSubnet(subnet), Gateway: gateway }] },
    Internal: internal,
    Attachable: true,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: Object.fromEntries(containers) as object,
    Options: mtu === undefined ? {} : { [MTU_OPTION]: String(mtu) },
    Labels: labels,
  };
}

/** The option by which docker's clients ask for an MTU. */
export const OPTIONS = { mtu: MTU_OPTION } as const;
