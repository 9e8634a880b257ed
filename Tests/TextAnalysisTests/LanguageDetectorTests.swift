import Foundation
import TestSupport
import Testing

@testable import TextAnalysis

@Suite struct LanguageDetectorTests {
  @Test(arguments: [
    ("en", "If you cannot sign in, check that your account is active and that the password has not expired."),
    (
      "de",
      "Wenn Sie sich nicht anmelden können, prüfen Sie, ob Ihr Konto aktiv und das Kennwort noch gültig ist."
    ),
    (
      "fr",
      "Si vous ne pouvez pas vous connecter, vérifiez que votre compte est actif et que le mot de passe est valable."
    ),
    (
      "es",
      "Si no puede iniciar sesión, compruebe que su cuenta está activa y que la contraseña no ha caducado."
    ),
    (
      "it",
      "Se non riesci ad accedere, controlla che il tuo account sia attivo e che la password non sia scaduta."
    ),
    ("pt", "Se não conseguir entrar, verifique se a sua conta está ativa e se a senha ainda não expirou."),
    (
      "nl",
      "Als u zich niet kunt aanmelden, controleer dan of uw account actief is en het wachtwoord niet is verlopen."
    ),
    (
      "sv",
      "Om du inte kan logga in, kontrollera att ditt konto är aktivt och att lösenordet inte har gått ut."
    ),
    (
      "da",
      "Hvis du ikke kan logge ind, skal du kontrollere, at din konto er aktiv, og at adgangskoden ikke er udløbet."
    ),
    (
      "no",
      "Hvis du ikke får logget inn, må du sjekke at kontoen din er aktiv og at passordet ikke har gått ut."
    ),
    (
      "fi",
      "Jos et voi kirjautua sisään, tarkista että tilisi on aktiivinen ja että salasana ei ole vanhentunut."
    ),
    ("pl", "Jeśli nie możesz się zalogować, sprawdź, czy twoje konto jest aktywne i czy hasło nie wygasło."),
    ("cs", "Pokud se nemůžete přihlásit, zkontrolujte, zda je váš účet aktivní a zda heslo ještě platí."),
    ("hu", "Ha nem tud bejelentkezni, ellenőrizze, hogy a fiókja aktív-e, és hogy a jelszó nem járt-e le."),
    ("ro", "Dacă nu vă puteți conecta, verificați dacă acest cont este activ și dacă parola nu a expirat."),
    (
      "tr",
      "Oturum açamıyorsanız hesabınızın etkin olduğunu ve parolanızın süresinin dolmadığını kontrol edin, bu çok önemli."
    ),
    (
      "ru",
      "Если вы не можете войти, проверьте, что ваша учётная запись активна и что срок действия пароля не истёк."
    ),
    (
      "uk",
      "Якщо ви не можете увійти, перевірте, чи ваш обліковий запис активний і чи не закінчився термін дії пароля."
    ),
    (
      "bg",
      "Ако не можете да влезете, проверете дали вашият акаунт е активен и дали паролата не е изтекла, защото след това няма да получите достъп към системата."
    ),
    ("el", "Αν δεν μπορείτε να συνδεθείτε, ελέγξτε ότι ο λογαριασμός είναι ενεργός."),
    ("ar", "إذا لم تتمكن من تسجيل الدخول، فتحقق من أن حسابك نشط وأن كلمة المرور لم تنته."),
    ("he", "אם אינך יכול להתחבר, בדוק כי החשבון שלך פעיל וכי הסיסמה עדיין בתוקף, או פנה אל התמיכה של החברה."),
    ("hi", "यदि आप साइन इन नहीं कर सकते हैं, तो जाँच करें कि आपका खाता सक्रिय है।"),
    ("th", "หากคุณไม่สามารถเข้าสู่ระบบได้ ให้ตรวจสอบบัญชีของคุณ"),
    ("zh", "如果您无法登录，请检查您的帐户是否有效，以及密码是否已过期。"),
    ("ja", "サインインできない場合は、アカウントが有効であることを確認してください。"),
    ("ko", "로그인할 수 없는 경우 계정이 활성 상태인지 확인하세요."),
  ])
  func paragraphs(language: String, text: String) {
    #expect(LanguageDetector().detect(text)?.language.rawValue == language)
  }

  @Test(arguments: [
    "", "OK", "12345 !?", "Los Angeles", "OneDrive", "password reset", "0x80070005", "東京", "😀", "x y z",
  ])
  func tooLittleToTell(text: String) {
    #expect(LanguageDetector().detect(text) == nil)
  }

  @Test func namesAndCodeDoNotTurnAText() {
    let text = """
      The teams in Los Angeles are the Los Angeles Rams, the San Diego Chargers and La Galaxy. Run `New-CsTeam` \
      with -Name "Das Auto" to make a team for each of them, then die.
      """
    #expect(LanguageDetector().detect(text)?.language == .english)
  }

  @Test func scriptsItDoesNotKnow() {
    #expect(LanguageDetector().detect("আপনি যদি সাইন ইন করতে না পারেন তবে wsl help দেখুন") == nil)
  }

  @Test(.enabled(if: SharedData.isAvailable), arguments: ["en", "de", "es", "zh"])
  func realParagraphs(language: String) throws {
    let file = try #require(SharedData.url("data/retrieval/xquad-\(language)/corpus.jsonl"))
    var right = 0
    var wrong = 0
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let found = LanguageDetector().detect(object?["text"] as? String ?? "")
      if found?.language.rawValue == language { right += 1 } else if found != nil { wrong += 1 }
    }
    #expect(right >= 238)
    #expect(wrong == 0)
  }
}

@Suite struct LanguageTests {
  @Test func tags() {
    #expect(Language(tag: "en-US") == .english)
    #expect(Language(tag: "pt_BR") == .portuguese)
    #expect(Language(tag: "zh-Hans-CN") == .chinese)
    #expect(Language(tag: "NB") == .norwegian)
    for tag in ["", "e", "1x", "english", "-", "日本"] { #expect(Language(tag: tag) == nil, "\(tag)") }
  }

  @Test func everyStemmerNamedIsThere() {
    // "running" or not, a stemmer that is missing would leave every word of its language alone.
    for (tag, word) in [
      ("en", "meetings"), ("de", "rechnungen"), ("fr", "continuellement"), ("es", "facturaciones"),
      ("ru", "книгами"),
      ("ar", "الكتاب"), ("fi", "taloissa"), ("hu", "házakban"), ("tr", "kitaplar"), ("sv", "flickorna"),
    ] {
      let stemmed = TextAnalyzer().tokens(of: word, language: Language(rawValue: tag)).map(\.term)
      #expect(stemmed != TextAnalyzer().tokens(of: word, language: nil).map(\.term), "\(tag)")
    }
    #expect(Language.supported.count > 30)
    #expect(Language.supported.contains(.thai))
  }

  @Test func folding() {
    #expect(TextNormalizer.folded("ﬁancÉe STRASSE Straße Ａ Ærø") == "fiancee strasse strasse a aero")
    #expect(TextNormalizer.folded("İı Ελλάδα Ёж й がカ ไทย") == "ii ελλαδα еж й がカ ไทย")
    #expect(TextNormalizer.folded("don’t ١٢") == "don't 12")
  }
}
