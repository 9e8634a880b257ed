/// Shortened words whose stop does not end a sentence; lower case, without the last stop.
enum Abbreviations {
  /// A name, a number or an explanation follows, so a sentence never ends here.
  static let leading: Set<String> = words(
    """
    dr mr mrs ms mx prof rev hon gen col capt lt sgt sen rep gov pres st mt ft fr messrs mmes e.g eg i.e ie cf viz \
    vs approx fig figs eq eqs sec ch vol vols ed eds resp ca al u.s u.k e.u pp incl excl max min tel ext ref refs ver art dept \
    z.b d.h u.a o.ä v.a u.u i.d.r i.a s.o s.u bzw ggf evtl vgl abb nr hr fr bspw zzgl inkl exkl ev tab kap abs \
    m mm mme mlle mlles me p.ex ex env cf c.-à-d c.à.d av bd \
    sr sra srta dra ud uds vd pág págs núm avda p.ej ej dña gral \
    sig sigg dott dott.ssa avv ing prof.ssa geom rag es pag art \
    n.b bijv d.w.z m.b.t o.a dhr mevr mw drs blz evt t.a.v i.v.m \
    t.ex bl.a d.v.s s.k m.fl dvs f.eks bl jf kl pkt nb \
    т.е т.д т.п г ул им см рис стр др проф np tzn tj m.in ul prof inż mgr
    """
  )

  /// A sentence may end here: it does where the next word is capitalised.
  static let trailing: Set<String> = words(
    "etc inc ltd co corp jr bros a.m p.m usw u.s.w uvm etcétera ecc enz osv m.m itd itp gmbh"
  )

  /// They abbreviate before a number only ("No. 5", "p. 12", "Art. 3").
  static let beforeNumbers: Set<String> = words("no nos n p pp nr num art fig sec ch vol kap s bl str")

  static let months: Set<String> = words("jan feb mar apr jun jul aug sep sept oct okt nov dec dez")

  private static func words(_ list: String) -> Set<String> {
    Set(list.split { $0 == " " || $0 == "\n" }.map(String.init))
  }
}
