"""Whatever arrives on the port: the right protocol error or silence, and service goes on."""

import random
import socket

from harness import SystemTest, encode, main, wait_for

SEED = 20250102
MIB = 1 << 20


class BadBytes(SystemTest):
    def setUp(self):
        self.system = self.cluster(groups={"mymaster": 1}, agents=["vedette"])
        self.agent = self.system.agents[0]
        self.pid = self.agent.process.pid
        self.steady = self.agent.connect()
        self.addCleanup(self.steady.close)

    def check_alive(self):
        self.assertTrue(self.agent.process.alive())
        self.assertEqual(self.steady.call("PING"), "PONG")
        self.assertEqual(self.agent.master()["flags"], "master")

    def answer(self, data):
        """Everything that comes back until the agent closes the connection."""
        with self.agent.connect() as connection:
            try:
                connection.send_raw(data)
            except ConnectionError:
                pass  # it may close before it has read all
            return connection.read_to_end()

    def test_protocol_errors(self):
        cases = {
            b"*x\r\n": "invalid multibulk length",
            b"*2147483648\r\n": "invalid multibulk length",
            b"*1\r\n+PING\r\n": "expected '$', got '+'",
            b"*1\r\n$-1\r\n": "invalid bulk length",
            b"*1\r\n$x\r\n": "invalid bulk length",
            b"*1\r\n$536870913\r\n": "invalid bulk length",
            b'PING "x\r\n': "unbalanced quotes in request",
            b"'a'b\r\n": "unbalanced quotes in request",
            b"x" * 70000: "too big inline request",
            b"*" + b"1" * 70000: "too big mbulk count string",
            b"*1\r\n$" + b"1" * 70000: "too big bulk count string",
        }
        for data, text in cases.items():
            with self.subTest(data=data[:40]):
                self.assertEqual(self.answer(data), f"-ERR Protocol error: {text}\r\n".encode())
                # What came before it is answered first.
                self.assertEqual(self.answer(encode("PING") + data),
                                 f"+PONG\r\n-ERR Protocol error: {text}\r\n".encode())
        self.check_alive()

    def test_http(self):
        for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"):
            with self.subTest(request=request):
                self.assertEqual(self.answer(request), b"")
        self.check_alive()

    def test_what_is_passed_over(self):
        with self.agent.connect() as connection:
            connection.send_raw(b"\r\n   \r\n*0\r\n*-1\r\nPING\n")
            self.assertEqual(connection.read(), "PONG")

    def test_random_bytes(self):
        dice = random.Random(SEED)
        for _ in range(300):
            data = dice.randbytes(dice.randrange(1, 4000))
            if dice.random() < 0.5:  # something that begins well
                good = encode("SENTINEL", "MASTERS") + encode("PING", dice.randbytes(20))
                data = good[:dice.randrange(len(good))] + data[:dice.randrange(1, 40)]
            # Not what would be a legal order to end.
            with self.agent.connect() as connection:
                try:
                    connection.send_raw(data)
                except ConnectionError:
                    pass
        self.check_alive()

    def test_promised_much_sent_little(self):
        """A length is not a reason to take memory before the bytes are there."""
        before = self.agent.process.resident_bytes()
        open_connections = []
        for data in [b"*2147483647\r\n", b"*1\r\n$536870912\r\nxyz",
                     b"*1000000\r\n" + b"$1\r\nx\r\n" * 1000] * 20:
            connection = self.agent.connect()
            self.addCleanup(connection.close)
            connection.send_raw(data)
            open_connections.append(connection)
        for _ in range(3):
            self.check_alive()
        grown = self.agent.process.resident_bytes() - before
        self.assertLess(grown, 300 * MIB)
        for connection in open_connections:
            connection.close()
        self.check_alive()

    def test_large_but_legal(self):
        """Long arguments are read whole and answered with a short error or an echo."""
        text = "x" * MIB
        self.assertEqual(self.steady.call("PING", text), text)
        with self.agent.connect() as connection:
            connection.send("NONSENSE", text)
            reply = str(connection.read())
        self.assertEqual(reply, "ERR unknown command 'NONSENSE', with args beginning with: "
                                f"'{'x' * 128}' ")
        self.check_alive()

    def test_pipelined_byte_by_byte(self):
        data = encode("PING") + b"PING\r\n" + encode("SENTINEL", "MYID")
        with self.agent.connect() as connection:
            connection._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(len(data)):
                connection.send_raw(data[i:i + 1])
            self.assertEqual([connection.read() for _ in range(3)],
                             ["PONG", "PONG", self.agent.my_id()])

    def test_forged_hellos_and_votes(self):
        """Malformed ones change nothing: neither peers, nor epochs, nor the master's address."""
        node = self.system.nodes["mymaster"][0]
        # A good request first, until it is granted: from then on votes are given at all.
        wait_for(lambda: self.agent.sentinel("is-master-down-by-addr", *node.address, 1,
                                             "b" * 40) == [0, "b" * 40, 1], "a vote")
        before = (self.agent.peers(), self.agent.master_address(),
                  self.agent.master()["config-epoch"])
        self.agent.sentinel("FLUSHCONFIG")
        epochs = self.agent.config_values("sentinel", "current-epoch")
        for hello in ["garbage", "", ",,,,,,,", "1,2,3,4,5,6,7,8,9", "\x00" * 100]:
            self.assertEqual(self.steady.call("PUBLISH", "__sentinel__:hello", hello), 1)
        if self.agent.ours:  # redis-sentinel believes all of these
            for hello in [f"127.0.0.1,99999,{'c' * 40},1,mymaster,127.0.0.1,1,1",
                          f"127.0.0.1,1,{'c' * 40},-1,mymaster,127.0.0.1,1,1",
                          f"127.0.0.1,1,{'c' * 40},18446744073709551615,mymaster,127.0.0.1,1,1",
                          "127.0.0.1,1,short,1,mymaster,127.0.0.1,1,1",
                          f"127.0.0.1,0,{'c' * 40},1,mymaster,127.0.0.1,1,1",
                          f"127.0.0.1,1,{self.agent.my_id()},1,mymaster,127.0.0.1,1,1"]:
                self.assertEqual(self.steady.call("PUBLISH", "__sentinel__:hello", hello), 1)
            for epoch, candidate in [("-1", "c" * 40), ("x", "c" * 40), ("1", "short"),
                                     ("18446744073709551615", "c" * 40)]:
                self.steady.send("SENTINEL", "is-master-down-by-addr", *node.address, epoch,
                                 candidate)
                reply = self.steady.read()
                self.assertNotIn(candidate, reply if isinstance(reply, list) else [])
        self.steady.send("PUBLISH", "other", "x")
        self.assertEqual(str(self.steady.read()),
                         "ERR Only HELLO messages are accepted by Sentinel instances.")
        self.assertEqual((self.agent.peers(), self.agent.master_address(),
                          self.agent.master()["config-epoch"]), before)
        self.agent.sentinel("FLUSHCONFIG")
        self.assertEqual(self.agent.config_values("sentinel", "current-epoch"), epochs)
        self.check_alive()

    def tearDown(self):
        self.assertEqual(self.agent.process.pid, self.pid)
        wait_for(lambda: self.agent.call("PING") == "PONG", "the last PING")


if __name__ == "__main__":
    main()
