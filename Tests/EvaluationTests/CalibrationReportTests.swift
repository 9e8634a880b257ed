import Domain
import Testing

@testable import Evaluation

@Suite struct CalibrationReportTests {
  private func report(_ outcomes: [AnswerCalibration.Outcome], target: Double = 0.1) -> CalibrationReport {
    CalibrationReport(AnswerCalibration(basis: "test", outcomes: outcomes), target: target)
  }

  @Test func aPriorThatIsTooSureIsPutRight() throws {
    let outcomes = (0..<600).map { AnswerCalibration.Outcome(score: 0.9, isRight: $0 % 2 == 0) }
    let report = report(outcomes)
    #expect((report.questions, report.right) == (600, 300))
    #expect(abs(report.brierBefore - 0.41) < 1e-9)
    #expect(abs(try #require(report.brierAfter) - 0.25) < 0.01)
    #expect(report.threshold == nil && report.answered == nil, "half of them are wrong")
  }

  @Test func whatIsPromisedIsCounted() throws {
    let outcomes = (0..<400).map { AnswerCalibration.Outcome(score: Double($0) / 400, isRight: $0 >= 200) }
    let report = report(outcomes)
    let threshold = try #require(report.threshold)
    #expect((0.4...0.5).contains(threshold))
    #expect(abs(try #require(report.answered) - (1 - threshold)) < 0.01)
    #expect(try #require(report.wrong) <= 0.1)
  }

  @Test func nothingSaysNothing() {
    let report = report([])
    #expect(report.method == nil && report.threshold == nil && report.brierAfter == nil)
    #expect(report.brierBefore == 0)
  }
}
