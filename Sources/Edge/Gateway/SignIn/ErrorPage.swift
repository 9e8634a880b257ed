import HTTPTypes
import Hummingbird

/// What went wrong, for a person in a browser: a page without scripts or anything from elsewhere.
enum ErrorPage {
  static func response(to problem: Problem, requestID: String) -> Response {
    var response = problem.response(requestID: requestID)
    let page = html(problem, requestID: requestID)
    response.headers[.contentType] = "text/html; charset=utf-8"
    response.headers[.contentLength] = String(page.utf8.count)
    response.headers[.contentSecurityPolicy] =
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    response.body = ResponseBody(byteBuffer: ByteBuffer(string: page))
    return response
  }

  private static func html(_ problem: Problem, requestID: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(HTMLEscape.text(problem.row.title))</title>
    <style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem; }</style>
    </head>
    <body>
    <h1>\(HTMLEscape.text(problem.row.title))</h1>
    <p>\(HTMLEscape.text(problem.shownMessage))</p>
    <p><a href="/v1/session/login">Sign in</a></p>
    <p><small><code>\(HTMLEscape.text(problem.code))</code>, request <code>\(HTMLEscape.text(requestID))</code></small></p>
    </body>
    </html>
    """
  }
}
