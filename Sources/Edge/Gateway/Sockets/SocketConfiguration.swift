extension GatewayConfiguration {
  /// Bounds on WebSockets.
  public struct Sockets: Sendable {
    /// Open at one time, 0 - 100,000; one more is refused. Default 6,000.
    public var maxOpen = 6000
    /// How often a client is asked whether it is there. Default 25 s.
    public var pingInterval: Duration = .seconds(25)
    /// How long a client may say nothing at all, not even that it is there. Default 60 s.
    public var silenceTimeout: Duration = .seconds(60)
    /// How long a socket may stay open without a message either way; zero for ever. Default 2 h.
    public var idleTimeout: Duration = .seconds(7200)
    /// How long a client may take nothing of what waits for it. Default 20 s.
    public var stallTimeout: Duration = .seconds(20)
    /// How often credentials are looked at again. Default 20 s.
    public var recheckInterval: Duration = .seconds(20)
    /// Largest message of a client, bytes, all of its fragments. Default 64 KiB.
    public var maxMessageBytes = 64 << 10
    /// Frames that may wait for a client, beside those in the connection's own buffer. Default 256.
    public var maxQueuedFrames = 256
    /// Their bytes. Default 256 KiB.
    public var maxQueuedBytes = 256 << 10
    /// Frames a second that a client may send in the long run. Default 20.
    public var framesPerSecond = 20.0
    /// Frames at once after a pause. Default 60.
    public var frameBurst = 60.0
    /// Conversations that one client may follow. Default 100.
    public var maxSubscriptions = 100
    /// Frames of one client that may wait for their turn to be worked on. Default 32.
    public var maxPendingWork = 32

    public init() {}
  }
}
