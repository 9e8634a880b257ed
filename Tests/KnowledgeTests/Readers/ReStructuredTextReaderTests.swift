import Domain
import Foundation
import Testing

@testable import Knowledge

@Suite struct ReStructuredTextReaderTests {
  @Test func structureBecomesBlocks() async {
    let result = await read(
      """
      :tags: install, linux

      .. _install:

      ==========
      Installing
      ==========

      Use ``apt`` or see :ref:`the guide <guide>` and `Python <https://python.org>`_ [1]_.
      A **bold** |name| with *emphasis*.

      .. |name| replace:: product

      Steps
      -----

      1. First
         item

         - nested

      2. Second

      .. note:: Take care.

         It may fail.

      .. code-block:: sh
         :linenos:

         sudo apt install x

      Example::

          literal *text*

      .. image:: a.png
      .. toctree::
         :maxdepth: 2

         other

      .. a comment
         over lines

      Term
          Its definition.

      .. [1] The footnote.
      """, "install.rst")
    #expect(result.diagnostics.isEmpty)
    let document = result.only
    #expect(document?.content.title == "Installing")
    #expect(document?.content.tags == ["install", "linux"])
    #expect(
      document?.outline == [
        "P Use apt or see the guide and Python. A bold product with emphasis.", "H2 Steps", "L 1. First item",
        "L - nested", "L 2. Second", "P Take care.", "P It may fail.", "C sudo apt install x", "P Example:",
        "C literal *text*", "P Term", "P Its definition.", "P The footnote.",
      ])
    #expect(document?.blocksTileText == true)
  }

  @Test func tablesBecomeRows() async {
    let grid = await read(
      """
      +-------+--------+
      | Plan  | Price  |
      +=======+========+
      | Free  | none   |
      |       | at all |
      +-------+--------+
      """, "a.rst")
    #expect(grid.only?.outline == ["T Plan: Free; Price: none at all"])
    let simple = await read(
      """
      =====  =====
      Plan   Price
      =====  =====
      Pro    9
      Größe  10
      =====  =====
      """, "a.rst")
    #expect(simple.only?.outline == ["T Plan: Pro; Price: 9", "T Plan: Größe; Price: 10"])
    let list = await read(
      """
      .. list-table:: Prices
         :header-rows: 1

         * - Plan
           - Price
         * - Pro
           - 9
      """, "a.rst")
    #expect(list.only?.outline == ["T Plan: Pro; Price: 9"])
  }

  @Test func levelsFollowTheOrderOfAppearance() async {
    let result = await read("A\n~~~\n\nx\n\nB\n===\n\ny\n\nC\n~~~\n\nz\n", "a.rst")
    #expect(result.only?.outline == ["P x", "H2 B", "P y", "H1 C", "P z"])
  }

  @Test func snakeCaseAndInitialsStay() async {
    let result = await read("Set max_value_ and __init__ now.\n\nA. Smith wrote\nthis.\n", "a.rst")
    #expect(result.only?.outline == ["P Set max_value and __init__ now.", "P A. Smith wrote this."])
  }
}
