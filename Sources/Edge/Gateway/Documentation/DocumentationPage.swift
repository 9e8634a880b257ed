import Domain
import Security

/// The description of the API as one page without scripts or anything from elsewhere.
enum DocumentationPage {
  static func html(of routes: [Route]) -> String {
    var tags: [String] = []
    for route in routes where !tags.contains(route.documentation.tag) { tags.append(route.documentation.tag) }
    let sections = tags.map { tag in
      let operations = routes.filter { $0.documentation.tag == tag }.map(operation).joined()
      return "<h2>\(HTMLEscape.text(tag))</h2>\(operations)"
    }
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Frontdesk API</title>
      <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
      code { font-family: ui-monospace, monospace; font-size: .9em; }
      details { border: 1px solid #8886; border-radius: 6px; margin: .5rem 0; padding: .5rem .75rem; }
      summary { cursor: pointer; }
      b.method { display: inline-block; min-width: 4.5rem; }
      td { padding-right: 1rem; vertical-align: top; }
      </style>
      </head>
      <body>
      <h1>Frontdesk API</h1>
      <p>Send a key as <code>Authorization: Bearer KEY</code>. For machines: <a href="/openapi.json">openapi.json</a>.</p>
      \(sections.joined(separator: "\n"))
      </body>
      </html>
      """
  }

  private static func operation(_ route: Route) -> String {
    let documentation = route.documentation
    var rows = ""
    for parameter in documentation.query {
      rows += row("?" + parameter.name, "\(parameter.kind.rawValue): \(parameter.description)")
    }
    for header in documentation.headers { rows += row(header.name + ":", header.description) }
    if let request = documentation.request {
      rows += row("body", request + (documentation.acceptsFiles ? ", or a file of any supported type" : ""))
    }
    for code in documentation.errors { rows += row(String(ErrorTable.row(code).status), code) }
    let access =
      switch route.access {
      case .open: "open"
      case .read(let permission):
        "\(permission.rawValue) (\(roles(permission))); keyless on this machine where no key is set"
      case .keyed(let permission): "\(permission.rawValue) (\(roles(permission)))"
      case .session: "whoever is signed in with this browser"
      }
    return """
      <details><summary><b class="method">\(route.method.rawValue)</b> <code>\(HTMLEscape.text(route.path.description))</code>
      \(HTMLEscape.text(documentation.summary))</summary>
      <p>\(HTMLEscape.text(documentation.description))</p>
      <table>\(row("access", access))\(rows)</table></details>
      """
  }

  private static func roles(_ permission: Permission) -> String {
    AccessKey.Role.having(permission).map(\.rawValue).joined(separator: ", ")
  }

  private static func row(_ name: String, _ text: String) -> String {
    "<tr><td><code>\(HTMLEscape.text(name))</code></td><td>\(HTMLEscape.text(text))</td></tr>"
  }
}
