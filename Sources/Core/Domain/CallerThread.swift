/// What a task says of the thread that it runs on.
public enum CallerThread {
  /// Whether the task runs on threads that are there to block: a store then reads at once. Handing ten rows
  /// from one thread to the next takes longer than reading them.
  @TaskLocal public static var mayBlock = false
}
