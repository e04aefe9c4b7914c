"""What we use of paramiko and Fabric without their promise: a new release that changes it must fail here first."""

import inspect
import queue

import fabric
import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_engine.transports.channels import StepChannel, StepPacketizer, StepTransport
from runbook_engine.transports.wire import Wire

CALLED = ("_check_add_window", "_set_transport", "_set_window")
OVERRIDDEN = ("_feed", "_feed_extended", "_handle_request", "_handle_close", "_request_failed", "_window_adjust", "_set_closed")


@pytest.mark.parametrize("name", [*CALLED, *OVERRIDDEN])
def test_channels_still_have_what_is_overridden_or_called(name):
    """A method of paramiko's channel by that name, with the same parameters as ours."""
    theirs = getattr(paramiko.Channel, name)
    ours = getattr(StepChannel, name)
    assert list(inspect.signature(theirs).parameters) == list(inspect.signature(ours).parameters)


@pytest.mark.parametrize("name", ["_next_channel", "_send_user_message", "_parse_disconnect", "_parse_debug"])
def test_transports_still_have_what_is_overridden_or_called(name):
    """A method of paramiko's transport by that name."""
    assert callable(getattr(paramiko.Transport, name))
    assert len(inspect.signature(getattr(paramiko.Transport, name)).parameters) in (1, 2)


def test_the_table_of_channel_messages_reaches_our_channel():
    """Every entry is a function of paramiko's channel, and ours calls the channel's own method of that name."""
    table = paramiko.Transport._channel_handler_table
    assert all(getattr(paramiko.Channel, handler.__name__) is handler for handler in table.values())
    assert table.keys() == StepTransport._channel_handler_table.keys()
    channel = StepChannel(0)
    StepTransport._channel_handler_table[paramiko.common.MSG_CHANNEL_DATA](channel, _message(b"data"))
    assert channel.news.get(timeout=1) == (1, b"data")
    with pytest.raises(queue.Empty):
        channel.news.get(timeout=0.01)


def _message(data):
    message = paramiko.Message()
    message.add_string(data)
    message.rewind()
    return message


def test_gcm_comes_first():
    """The cheap ciphers are still called so, and are still preferred by this attribute."""
    assert [c for c in StepTransport._preferred_ciphers if "gcm" in c] == list(StepTransport._preferred_ciphers[:2])


def test_the_open_channels_map_and_events_are_what_open_step_fills(sshd):
    """A transport has the attributes that opening a channel without waiting needs."""
    source = inspect.getsource(paramiko.Transport.open_channel)
    for name in (
        "self._channels.put",
        "self.channel_events[",
        "self.channels_seen[",
        "chan._set_transport",
        "chan._set_window",
    ):
        assert name in source


def test_the_client_takes_our_policy_factory_and_login():
    """SSHClient.connect has the parameters that we hand over through Fabric, and Fabric hands them on."""
    parameters = inspect.signature(paramiko.SSHClient.connect).parameters
    assert {"sock", "timeout", "banner_timeout", "auth_timeout", "channel_timeout", "transport_factory", "auth_strategy",
            "disabled_algorithms"} <= parameters.keys()  # fmt: skip
    assert "auth_strategy.authenticate(transport=t)" in inspect.getsource(paramiko.SSHClient.connect)
    assert "self.client.connect(**kwargs)" in inspect.getsource(fabric.Connection.open)


def test_the_agent_exchanges_by_one_method():
    """A question to the agent and its answer are one call, which we make one at a time."""
    assert "_send_message" in vars(paramiko.agent.AgentSSH)
    assert "self.agent._send_message(msg)" in inspect.getsource(paramiko.AgentKey.sign_ssh_data)


class Pieces:
    """A socket that gives what it has piece by piece."""

    def __init__(self, *pieces):
        self._pieces = list(pieces)

    def recv(self, size):
        """The next piece, whatever its size."""
        assert len(self._pieces[0]) <= size
        return self._pieces.pop(0)


@given(said=st.binary(min_size=1, max_size=400), cuts=st.lists(st.integers(1, 100), max_size=8), data=st.data())
def test_what_is_at_hand_is_read_in_its_order_behind_the_first_line(said, cuts, data):
    """However the host's bytes are cut, and whatever came with its first line, they are read once each and in order."""
    whole, pieces = b"SSH-2.0-test\r\n" + said, []
    for cut in cuts:
        pieces, whole = ([*pieces, whole[:cut]], whole[cut:]) if whole[cut:] else (pieces, whole)
    packetizer = StepPacketizer(Wire(Pieces(*pieces, whole, b""), 1.0, lambda: 0.0))
    assert packetizer.readline(1) == "SSH-2.0-test"
    read = b""
    while len(read) < len(said):
        read += packetizer.read_all(data.draw(st.integers(1, len(said) - len(read))))
    assert read == said
    with pytest.raises(EOFError):
        packetizer.read_all(1)
