"""A whole system: groups of data nodes, and the agents that guard all of them."""

from .agent import Agent
from .node import Node
from .ports import free_port
from .waiting import wait_for

ZONES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


class Cluster:
    """`groups` maps a master name to its number of data nodes, the first of which is the master.
    `agents` names a kind for each agent: "vedette" (what VEDETTE_BIN is) or "debian".
    `options` are lines for every agent without "sentinel" and the name: {"quorum": 2, ...}.
    `zones` spreads the members over three loopback addresses; `hosts` and `agent_hosts` name them.
    """

    def __init__(self, directory, groups=None, agents=("vedette",) * 3, options=None, zones=False,
                 hosts=None, agent_hosts=None):
        self.directory = directory
        self.options = {"quorum": 2, "down-after-milliseconds": 1000, "failover-timeout": 10000,
                        **(options or {})}
        hosts = hosts or (ZONES if zones else ZONES[:1])
        agent_hosts = agent_hosts or hosts
        self.nodes = {
            name: [Node(f"{name}-{i + 1}", hosts[i % len(hosts)], free_port(),
                        directory / f"{name}-{i + 1}") for i in range(count)]
            for name, count in (groups or {"mymaster": 3}).items()}
        self.agents = [
            Agent(f"agent-{i + 1}", agent_hosts[i % len(agent_hosts)], directory / f"agent-{i + 1}",
                  debian=kind == "debian") for i, kind in enumerate(agents)]

    # ---- building ------------------------------------------------------------------------------
    def start(self, own_options=None):
        """Starts everything and waits until everybody knows everybody. `own_options` maps the
        index of an agent to options that only it gets."""
        self.start_nodes()
        for index, agent in enumerate(self.agents):
            agent.configure(self.monitor_lines((own_options or {}).get(index)))
            agent.start()
        self.wait_settled()
        return self

    def start_nodes(self):
        for nodes in self.nodes.values():
            nodes[0].configure().start()
            for node in nodes[1:]:
                node.configure(replica_of=nodes[0]).start()
        for nodes in self.nodes.values():
            for node in nodes[1:]:
                self.wait_following(node, nodes[0])

    def monitor_lines(self, own_options=None):
        options = {**self.options, **(own_options or {})}
        quorum = options.pop("quorum")
        lines = []
        for name, nodes in self.nodes.items():
            lines.append(f"sentinel monitor {name} {nodes[0].host} {nodes[0].port} {quorum}")
            lines += [f"sentinel {key} {name} {value}" for key, value in options.items()]
        return lines

    # ---- waiting -------------------------------------------------------------------------------
    def wait_settled(self, agents=None):
        """Every living agent sees every master, all living replicas and all living peers well."""
        agents = agents or self.living_agents()
        for name in self.nodes:
            for agent in agents:
                wait_for(lambda a=agent, n=name: self._settled(a, n, agents),
                         f"{agent} to see {name} complete and healthy")

    def _settled(self, agent, name, agents):
        nodes = [node for node in self.nodes[name] if node.process.alive()]
        master = agent.master(name)
        replicas = {(entry["ip"], int(entry["port"])): entry for entry in agent.replicas(name)}
        peers = {(entry["ip"], int(entry["port"])): entry for entry in agent.peers(name)}
        wanted = {node.address for node in nodes} - {(master["ip"], int(master["port"]))}
        others = {other.address for other in agents} - {agent.address}
        return (master["flags"] == "master"
                and wanted <= replicas.keys()
                and all(replicas[a]["flags"] == "slave" and
                        replicas[a]["master-link-status"] == "ok" for a in wanted)
                and others <= peers.keys()
                and all(peers[a]["flags"] == "sentinel" for a in others))

    def wait_following(self, node, master):
        wait_for(lambda: node.follows(master), f"{node} to follow {master}")

    def wait_switched(self, old, name="mymaster", agents=None):
        """Until every living agent has announced one and the same address instead of the old
        one's and gives it to clients; returns the new master."""
        agents = agents or self.living_agents()

        def new_address():
            found = {agent.master_address(name) for agent in agents}
            return len(found) == 1 and found != {old.address} and found.pop()

        address = wait_for(new_address, f"one new address of {name} instead of {old}")
        start = f"{name} {old.host} {old.port} "
        for agent in agents:
            wait_for(lambda a=agent: any(text.startswith(start)
                                         for text in a.heard("+switch-master")),
                     f"{agent} to announce +switch-master {start}")
        master = self.node_at(address, name)
        wait_for(master.is_master, f"{master} to be a master")
        return master

    def wait_one_master(self, name="mymaster"):
        """Until all agents name one master and all nodes follow it; returns it. Not simply the
        first new one: real Sentinels sometimes fail over a second time, off a healthy master."""
        def found():
            addresses = {agent.master_address(name) for agent in self.living_agents()}
            if len(addresses) != 1:
                return None
            master = self.node_at(addresses.pop(), name)
            others = [node for node in self.nodes[name] if node is not master]
            sound = master.is_master() and all(node.follows(master) for node in others)
            return master if sound else None

        return wait_for(found, "one master that every agent names and every node follows")

    # ---- looking -------------------------------------------------------------------------------
    def living_agents(self):
        return [agent for agent in self.agents if agent.process.alive()]

    def node_at(self, address, name="mymaster"):
        for node in self.nodes[name]:
            if node.address == tuple(address):
                return node
        raise AssertionError(f"{address} is none of {self.nodes[name]}")

    def replicas_of(self, master, name="mymaster"):
        """The other nodes of its group that live."""
        return [node for node in self.nodes[name] if node is not master and node.process.alive()]

    def switches(self, name="mymaster"):
        """What each agent logged as +switch-master of that group so far."""
        return [[text for text in agent.logged("+switch-master") if text.split()[0] == name]
                for agent in self.agents]

    # ---- ending --------------------------------------------------------------------------------
    def finish(self):
        """Ends everything; returns what was wrong, as sentences."""
        wrong = []
        for agent in self.agents:
            wrong += agent.finish()
        for nodes in self.nodes.values():
            for node in nodes:
                if node.process.alive():
                    node.process.kill()
        return wrong
