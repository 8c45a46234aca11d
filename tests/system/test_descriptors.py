"""Files run out: those who are connected are served, and waiting for better times costs nothing."""

import resource
import socket

from harness import SystemTest, main, only_vedette, wait_for, watch

WINDOW = 3.0


class Descriptors(SystemTest):
    @only_vedette
    def test_no_descriptor_left_for_a_connection(self):
        system = self.cluster(groups={"mymaster": 2}, agents=["vedette"])
        agent = system.agents[0]
        steady = agent.connect()
        self.addCleanup(steady.close)
        self.assertEqual(steady.call("PING"), "PONG")
        limit = agent.process.descriptors() + 5
        resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, (limit, limit))

        flood = [socket.create_connection(agent.address, 5) for _ in range(50)]
        try:
            wait_for(lambda: agent.process.descriptors() >= limit - 1, "the files to run out")
            used = agent.process.cpu_seconds()
            answers = []

            def answer():
                answers.append(steady.call("PING"))
                self.assertEqual(answers[-1], "PONG")

            watch(WINDOW, answer)
            used = agent.process.cpu_seconds() - used
            self.assertGreater(len(answers), 1)
            # A loop around accept would use all of the window, half of it on a busy machine.
            self.assertLess(used, WINDOW / 4, "it spins")
        finally:
            for connection in flood:
                connection.close()
        # Whoever waited or comes now is served.
        wait_for(lambda: agent.call("PING") == "PONG", "a new connection to be served")
        wait_for(lambda: agent.master()["flags"] == "master", "the master to be seen")

    def test_limit_is_raised_at_start(self):
        system = self.unstarted_cluster(groups={"mymaster": 1}, agents=["vedette"])
        system.start_nodes()
        agent = system.agents[0]
        agent.configure([*system.monitor_lines(), "maxclients 500"])
        agent.start(wrapper=["/usr/bin/prlimit", "--nofile=200:4096"])
        soft, _ = resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE)
        self.assertGreaterEqual(soft, 500 + 32)

    def test_maxclients(self):
        system = self.unstarted_cluster(groups={"mymaster": 1}, agents=["vedette"])
        system.start_nodes()
        agent = system.agents[0]
        agent.configure([*system.monitor_lines(), "maxclients 10"]).start()
        held = [agent.connect() for _ in range(9)]  # the tenth is the listener to events
        for connection in held:
            self.assertEqual(connection.call("PING"), "PONG")
        with agent.connect() as connection:
            self.assertEqual(connection.read_to_end(), b"-ERR max number of clients reached\r\n")
        for connection in held:
            connection.close()
        wait_for(lambda: agent.call("PING") == "PONG", "a place to become free")


if __name__ == "__main__":
    main()
