/// The few words by which a follow-up is known, folded, in the languages that most knowledge bases have.
enum FollowUpWords {
  private static func set(_ words: String) -> Set<String> {
    Set(words.split(separator: " ").map(String.init))
  }

  /// Said without asking for anything.
  static let courtesies = set(
    "yes yeah yep yup sure ok okay alright please thanks thank thx no nope nah not right correct exactly great good "
      + "fine perfect nice hi hello hey well so then ja nein genau gern gerne bitte danke klar doch stimmt gut hallo "
      + "si vale claro gracias favor bueno bien hola oui non merci accord daccord ouais bonjour va sim nao obrigado "
      + "obrigada grazie prego certo")

  /// Those of them that turn an offer down.
  static let refusals = set("no nope nah not nein non nao")

  /// Said with an ordinal.
  static let choosing = set(
    "one ones option options number choice last latter former first second third fourth fifth 1st 2nd 3rd 4th 5th "
      + "1 2 3 4 5 6 7 8 9 take want prefer choose erste ersten erster erstes zweite zweiten zweiter zweites dritte "
      + "dritten dritter drittes vierte vierten letzte letzten letzter letztes nummer primero primera segundo "
      + "segunda tercero tercera ultimo ultima opcion numero premier premiere deuxieme seconde troisieme dernier "
      + "derniere")

  /// Which of a list is meant.
  enum Ordinal: Equatable {
    /// From 0.
    case place(Int)
    case last

    func pick(from items: [String]) -> String? {
      switch self {
      case .last: items.last
      case .place(let place): items.indices.contains(place) ? items[place] : nil
      }
    }
  }

  private static let ordinals: [Set<String>] = [
    set("first 1st former erste ersten erster erstes primero primera premier premiere"),
    set("second 2nd zweite zweiten zweiter zweites segundo segunda deuxieme seconde"),
    set("third 3rd dritte dritten dritter drittes tercero tercera troisieme"),
    set("fourth 4th vierte vierten"),
    set("fifth 5th"),
  ]
  private static let lasts = set("last latter letzte letzten letzter letztes ultimo ultima dernier derniere")
  private static let counters = set("option number nummer opcion numero choice")

  static func ordinal(in words: [String]) -> Ordinal? {
    if words.contains(where: lasts.contains) { return .last }
    if let place = ordinals.firstIndex(where: { words.contains(where: $0.contains) }) { return .place(place) }
    // "option 2", or "2" alone.
    for (index, word) in words.enumerated() {
      guard let number = Int(word), (1...9).contains(number) else { continue }
      if words.count == 1 || (index > 0 && counters.contains(words[index - 1])) { return .place(number - 1) }
    }
    return nil
  }

  /// What a continuation begins with.
  private static let openings: [[String]] = [
    "and", "or", "but", "what about", "how about", "same for",
    "und", "oder", "aber", "was ist mit", "wie ist es mit", "wie sieht es mit",
    "y", "o", "pero", "que tal", "et", "ou", "mais", "qu en est il", "quid", "e", "ma", "mas",
  ].map { $0.split(separator: " ").map(String.init) }

  static func continues(_ words: [String]) -> Bool { openings.contains { words.starts(with: $0) } }
}
