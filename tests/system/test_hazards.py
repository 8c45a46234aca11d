"""Where redis-sentinel is wrong and Vedette is not: each test shows a defect on the one, and then
that the other does not have it.

In most of them the test is a stranger who talks to an agent that is alone with its master: it asks
for votes (Sentinel protocol, 10) and publishes hellos (8).
"""

from harness import Error, Node, SystemTest, free_port, main, only_vedette, wait_for, watch

ALICE, BOB, CAROL = "a" * 40, "b" * 40, "c" * 40
LAST_EPOCH = str(2**64 - 1)
EPOCH = 5  # in all files of those who disagree

# Seconds.
STALL = 3           # more than 2: both programs call that a jump of the clock
BLIND = 5           # of the 30 for which Sentinel then does nothing
RETURNED = 3        # a returned master is watched
UNEXPECTED = 8      # Sentinel leaves an unexpected master alone for at least that
HOLD = 6            # more than a vote binds Vedette
HELLOS = 5          # everybody publishes at least twice in it
UNMOVED = 10        # more than Vedette takes to settle a dispute about the master


class Lone:
    """An agent that watches a master alone, and what a stranger may do to it."""

    def __init__(self, agent, master):
        self.agent, self.master = agent, master

    def ask(self, epoch, candidate):
        """For a vote; returns the id and the epoch of the answer."""
        down, leader, voted = self.agent.sentinel("is-master-down-by-addr", *self.master.address,
                                                  epoch, candidate)
        assert down == 0, "the master is up"
        return leader, voted

    def wait_vote(self, epoch, candidate):
        """Vedette takes its time after a start and after each vote."""
        wait_for(lambda: self.ask(epoch, candidate) == (candidate, epoch),
                 f"a vote for {candidate[:3]} in epoch {epoch}")

    def hear(self, host, port, run_id, epoch=0, master=None, config_epoch=0):
        """A hello arrives."""
        hear(self.agent, host, port, run_id, epoch, master or self.master, config_epoch)

    def peers(self):
        return {peer["runid"] for peer in self.agent.peers()}

    def known_peers(self):
        return int(self.agent.master()["num-other-sentinels"])

    def quorum(self):
        """The first word of CKQUORUM's answer."""
        try:
            return self.agent.sentinel("CKQUORUM", "mymaster").split()[0]
        except Error as error:
            return str(error).split()[0]

    def saved(self, word):
        self.agent.sentinel("FLUSHCONFIG")
        return self.agent.config_values("sentinel", word)


def hear(agent, host, port, run_id, epoch, master, config_epoch):
    fields = (host, port, run_id, epoch, "mymaster", *master.address, config_epoch)
    assert agent.call("PUBLISH", "__sentinel__:hello", ",".join(map(str, fields))) == 1


def in_tilt(agent):
    return "sentinel_tilt:1" in agent.call("INFO", "sentinel").split()


@only_vedette
class Hazards(SystemTest):
    def group(self, kind, agents=3, nodes=3, **description):
        return self.cluster(place=kind, agents=[kind] * agents, groups={"mymaster": nodes},
                            **description)

    def lone(self, kind, **options):
        system = self.group(kind, agents=1, nodes=1, options={
            "quorum": 1, "down-after-milliseconds": 5000, **options})
        return Lone(system.agents[0], system.nodes["mymaster"][0])

    # ---- what a stranger may ask -----------------------------------------------------------------
    def test_epoch_minus_one(self):
        """-1 is no epoch. Sentinel takes it for 2^64 - 1, the last one: it never votes again."""
        sentinel = self.lone("debian")
        self.assertEqual(sentinel.ask(1, ALICE), (ALICE, 1))
        self.assertEqual(sentinel.ask(-1, BOB), (BOB, -1))
        self.assertEqual(sentinel.saved("current-epoch"), [LAST_EPOCH])
        self.assertEqual(sentinel.saved("leader-epoch"), [f"mymaster {LAST_EPOCH}"])
        self.assertEqual(sentinel.ask(2, CAROL), (BOB, -1))

        ours = self.lone("vedette")
        ours.wait_vote(1, ALICE)
        self.assertEqual(ours.ask(-1, BOB), ("*", 0))
        with self.assertRaisesRegex(Error, "^ERR value is not an integer or out of range$"):
            ours.ask(LAST_EPOCH, BOB)
        self.assertEqual(ours.saved("current-epoch"), ["1"])
        self.assertEqual(ours.saved("leader-epoch"), ["mymaster 1"])
        ours.wait_vote(2, CAROL)

    def test_last_epoch_in_a_hello(self):
        """Epoch 2^64 - 1 ends all elections just as well when it comes in a hello."""
        sentinel = self.lone("debian")
        sentinel.hear("127.0.0.1", free_port(), BOB, epoch=LAST_EPOCH)
        self.assertEqual(sentinel.saved("current-epoch"), [LAST_EPOCH])
        self.assertEqual(sentinel.ask(2, ALICE)[0], "*")

        ours = self.lone("vedette")
        ours.hear("127.0.0.1", free_port(), BOB, epoch=LAST_EPOCH)
        self.assertEqual(ours.saved("current-epoch"), ["0"])
        ours.wait_vote(2, ALICE)

    def test_vote_for_what_is_no_id(self):
        """An id is 40 hex digits. A vote for anything else is lost to those who have one."""
        sentinel = self.lone("debian")
        self.assertEqual(sentinel.ask(1, "notarunid"), ("notarunid", 1))
        self.assertEqual(sentinel.ask(1, ALICE), ("notarunid", 1))
        self.assertEqual(sentinel.ask(2, "*x"), ("*x", 2))

        ours = self.lone("vedette")
        ours.wait_vote(1, ALICE)
        for candidate in ("notarunid", "*x", ALICE[1:], "g" * 40):
            self.assertEqual(ours.ask(2, candidate), ("*", 0), candidate)
        ours.wait_vote(2, BOB)

    def test_epoch_of_another_master(self):
        """Masters that fail together are elected for in epochs that cross. Sentinel refuses every
        epoch below the highest one that it knows of any master."""
        def pair(kind):
            system = self.cluster(place=kind, agents=[kind], groups={"mymaster": 1, "other": 1},
                                  options={"quorum": 1, "down-after-milliseconds": 5000})
            return [Lone(system.agents[0], nodes[0]) for nodes in system.nodes.values()]

        sentinel, other = pair("debian")
        self.assertEqual(other.ask(9, ALICE), (ALICE, 9))
        self.assertEqual(sentinel.ask(5, BOB), ("*", 0))

        ours, other = pair("vedette")
        other.wait_vote(9, ALICE)
        ours.wait_vote(5, BOB)

    # ---- what a stranger may publish -------------------------------------------------------------
    def test_own_id_in_a_hello(self):
        """Nobody is his own peer. Sentinel looks for its id in what its nodes publish, but not in
        what it is told directly."""
        sentinel = self.lone("debian")
        sentinel.hear("127.0.0.1", free_port(), sentinel.agent.my_id())
        self.assertEqual(sentinel.known_peers(), 1)

        ours = self.lone("vedette")
        port = free_port()

        def check():
            ours.hear("127.0.0.1", port, ours.agent.my_id())
            self.assertEqual(ours.known_peers(), 0)

        watch(HELLOS, check)

    def test_address_of_a_peer_that_is_none(self):
        """A hello that cannot be true changes nothing. Sentinel forgets the peer in whose name it
        came."""
        port = free_port()
        known = {"known-sentinel": f"127.0.0.1 {port} {ALICE}"}
        sentinel = self.lone("debian", **known)
        self.assertEqual(sentinel.peers(), {ALICE})
        sentinel.hear("300.1.2.3", port, ALICE)
        self.assertEqual(sentinel.peers(), set())

        ours = self.lone("vedette", **known)

        def check():
            ours.hear("300.1.2.3", port, ALICE)
            self.assertEqual(ours.peers(), {ALICE})

        watch(HELLOS, check)

    def test_peer_without_id_or_port(self):
        """Neither `abc` nor port 0 is a peer. Sentinel counts both among the voters for ever."""
        malformed = [("127.0.0.1", free_port(), "abc"), ("127.0.0.1", 0, ALICE)]
        sentinel = self.lone("debian")
        for fields in malformed:
            sentinel.hear(*fields)
        self.assertEqual(sentinel.peers(), {"abc", ALICE})

        ours = self.lone("vedette")

        def check():
            for fields in malformed:
                ours.hear(*fields)
            self.assertEqual(ours.peers(), set())

        watch(HELLOS, check)

    def test_phantoms(self):
        """Who was only heard of once is no voter. To Sentinel twenty invented peers are a majority
        that never answers."""
        phantoms = [("127.0.0.1", free_port(), f"{number:040x}") for number in range(20)]
        sentinel = self.lone("debian")
        self.assertEqual(sentinel.quorum(), "OK")
        for fields in phantoms:
            sentinel.hear(*fields)
        self.assertEqual(sentinel.known_peers(), 20)
        wait_for(lambda: sentinel.quorum() == "NOQUORUM", "no majority to be left")

        ours = self.lone("vedette")
        for fields in phantoms:
            ours.hear(*fields)

        def check():
            self.assertEqual(ours.known_peers(), 0)
            self.assertEqual(ours.quorum(), "OK")

        watch(HELLOS, check)

    def test_forged_configuration(self):
        """One hello, in whoever's name, does not lead clients to a foreign server, although that
        one lives and is a master. All Sentinels of the group follow it."""
        foreign = Node("foreign", "127.0.0.1", free_port(), self.directory / "foreign")
        foreign.configure().start()
        forged = {"epoch": 7, "master": foreign, "config_epoch": 7}

        sentinels = self.group("debian", nodes=1)
        hear(sentinels.agents[0], "127.0.0.1", free_port(), ALICE, **forged)
        for agent in sentinels.agents:
            wait_for(lambda a=agent: a.master_address() == foreign.address, f"{agent} to follow")

        ours = self.group("vedette", nodes=2)
        master, replica = ours.nodes["mymaster"]
        for agent in ours.agents:
            hear(agent, "127.0.0.1", free_port(), ALICE, **forged)
            for peer in agent.peers():
                hear(agent, peer["ip"], peer["port"], peer["runid"], **forged)

        def check():
            self.assertEqual({agent.master_address() for agent in ours.agents}, {master.address})
            self.assertTrue(master.is_master() and replica.follows(master))

        watch(UNMOVED, check)

    # ---- votes that are forgotten ----------------------------------------------------------------
    def test_monitored_again(self):
        """REMOVE and MONITOR are no second vote in the same epoch."""
        def again(subject):
            self.assertEqual(subject.agent.sentinel("REMOVE", "mymaster"), "OK")
            self.assertEqual(subject.agent.sentinel("MONITOR", "mymaster",
                                                    *subject.master.address, 1), "OK")

        sentinel = self.lone("debian")
        self.assertEqual(sentinel.ask(5, ALICE), (ALICE, 5))
        again(sentinel)
        self.assertEqual(sentinel.ask(5, BOB), (BOB, 5))

        ours = self.lone("vedette")
        ours.wait_vote(5, ALICE)
        again(ours)
        watch(HOLD, lambda: self.assertNotEqual(ours.ask(5, BOB)[0], BOB))
        ours.wait_vote(6, BOB)

    def test_file_that_its_writer_cannot_read(self):
        """A password with a blank: Sentinel saves it without quotes, and does not start again."""
        password = "a b"
        subject = self.lone("debian")
        agent = subject.agent
        self.assertEqual(agent.sentinel("SET", "mymaster", "auth-pass", password), "OK")
        self.assertEqual(subject.saved("auth-pass"), [f"mymaster {password}"])
        agent.stop()
        agent.start(wait=False)
        agent.killed = True  # it ends by itself
        wait_for(lambda: not agent.process.alive(), "Sentinel to refuse its own file")

        agent.become("vedette").start()
        self.assertEqual(subject.saved("auth-pass"), [f'mymaster "{password}"'])
        self.assertIn("lacks the quotes that it needs", agent.log_text())
        agent.stop()
        agent.become("debian").start()  # and there is a way back
        self.assertEqual(agent.master()["name"], "mymaster")

    def test_vote_that_was_not_saved(self):
        """A vote that is not on disk is not given: after a crash it would be given again."""
        def crash(subject, away):
            subject.agent.kill()
            away.rename(subject.agent.directory)
            subject.agent.start()

        sentinel = self.lone("debian")
        away = self.take_disk_away(sentinel)
        self.assertEqual(sentinel.ask(5, ALICE), (ALICE, 5))
        crash(sentinel, away)
        self.assertEqual(sentinel.ask(5, BOB), (BOB, 5))

        ours = self.lone("vedette")
        ours.wait_vote(4, CAROL)
        away = self.take_disk_away(ours)
        watch(HOLD, lambda: self.assertIn(ours.ask(5, ALICE), [("*", 0), (CAROL, 4)]))
        crash(ours, away)
        ours.wait_vote(5, BOB)

    @staticmethod
    def take_disk_away(subject):
        """Nothing can be saved from here on."""
        away = subject.agent.directory.with_name("away")
        return subject.agent.directory.rename(away)

    # ---- time ------------------------------------------------------------------------------------
    def test_stall(self):
        """A stall makes Sentinel do nothing for half a minute. Ours needs one PING round trip."""
        subjects = self.lone("debian"), self.lone("vedette")
        for subject in subjects:
            subject.agent.process.pause()
        watch(STALL, lambda: self.assertTrue(subjects[0].agent.process.alive()))
        for subject in subjects:
            subject.agent.process.resume()
        sentinel, ours = (subject.agent for subject in subjects)
        wait_for(lambda: ours.heard("+tilt"), "Vedette to notice")
        wait_for(lambda: not in_tilt(ours), "Vedette to go on", limit=10)
        wait_for(lambda: in_tilt(sentinel), "Sentinel to notice")
        watch(BLIND, lambda: self.assertTrue(in_tilt(sentinel)))

    def test_old_master_returns(self):
        """What is written to a master that was replaced is lost. Sentinel lets clients write to it
        for eight seconds and more; ours makes it a replica when it sees it."""
        old = self.returned_master("debian")
        watch(RETURNED, lambda: self.assertEqual(old.call("SET", "key", "value"), "OK"))
        self.assertTrue(old.is_master())

        old = self.returned_master("vedette")
        wait_for(lambda: not old.is_master(), "it to be a replica", limit=UNEXPECTED)

    def returned_master(self, kind):
        # Real Sentinels with less than this sometimes fail over a second time.
        system = self.group(kind, options={"down-after-milliseconds": 2000})
        old = system.nodes["mymaster"][0]
        old.process.kill()
        system.wait_switched(old)
        system.wait_settled()
        return old.start()

    # ---- configurations --------------------------------------------------------------------------
    def test_equal_config_epochs(self):
        """Two real Sentinels can win one epoch. Whoever has a replica for the master then learns
        the true one from the others; among Sentinels each keeps to its own."""
        sentinels, *theirs = self.disagreeing("debian", 2)
        for count in (2, 3):
            ours, master, replica = self.disagreeing("vedette", count)
            for agent in ours.agents:
                wait_for(lambda a=agent, m=master: a.master_address() == m.address,
                         f"{agent} to name the master")
            wait_for(lambda o=ours: self.common_epoch(o) > EPOCH, "a new epoch for it")
            self.assertTrue(master.is_master() and replica.follows(master))
        # They had all that time, and know each other.
        for agent, node in zip(sentinels.agents, theirs):
            self.assertEqual(agent.master_address(), node.address)
            self.assertEqual(agent.master()["config-epoch"], str(EPOCH))

    @staticmethod
    def common_epoch(system):
        """Of the agents' configurations; 0 if they differ."""
        epochs = {int(agent.master()["config-epoch"]) for agent in system.agents}
        return epochs.pop() if len(epochs) == 1 else 0

    def disagreeing(self, kind, count):
        """Agents with one config epoch and two masters in their files: the first has the true one,
        the others its replica."""
        system = self.unstarted_cluster(f"{kind}-{count}", agents=[kind] * count,
                                        groups={"mymaster": 2})
        system.start_nodes()
        master, replica = system.nodes["mymaster"]
        for index, agent in enumerate(system.agents):
            named = replica if index else master
            agent.configure([f"sentinel monitor mymaster {named.host} {named.port} 2",
                             "sentinel down-after-milliseconds mymaster 1000",
                             f"sentinel config-epoch mymaster {EPOCH}",
                             f"sentinel current-epoch {EPOCH}"])
            agent.start()
            self.assertEqual(agent.master_address(), named.address)
        for agent in system.agents:
            wait_for(lambda a=agent: len(a.peers()) == count - 1, f"{agent} to know its peers")
        return system, master, replica


if __name__ == "__main__":
    main()
