/// The commonest words of each language: articles, pronouns, prepositions, conjunctions, auxiliaries, question
/// words. Queries drop them; the detector knows a language by them. Folded, with their accents.
enum FunctionWords {
  static let byLanguage: [Language: [Substring]] = Dictionary(
    uniqueKeysWithValues: (latin + otherScripts).map {
      (Language(rawValue: $0.0), $0.1.split(separator: " "))
    }
  )

  /// Tells Latin-script languages apart.
  static let latin: [(String, String)] = [
    (
      "en",
      "a about above again against all also although always am among an and another any anyone anything are "
        + "around as at be because been before being between both but by can cannot cant could couldnt did didnt "
        + "do does doesnt doing dont during each either ever every everyone everything few for from had has hasnt "
        + "have havent having he her here hers herself him himself his how however i if im in into is isnt it its "
        + "itself ive just may me might mine more most much must my myself neither nor not of often on once only "
        + "onto or other our ours ourselves own per please rather same shall she should shouldnt since so some "
        + "someone something such than that thats the their theirs them themselves then there these they this "
        + "those though through thus to too toward towards until upon very via was wasnt we were werent what "
        + "whatever whats when where whether which while who whom whose why will with within would wouldnt yet "
        + "you your yours yourself youre"
    ),
    (
      "de",
      "aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist da "
        + "dabei dadurch dafür damit dann daran darauf das dass davon dazu dein deine dem den denn der des dich die "
        + "dies diese diesem diesen dieser dieses dir doch du durch ein eine einem einen einer eines er es etwas "
        + "euch euer für gegen gibt hab habe haben hat hatte hatten ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im "
        + "in ins ist jede jedem jeden jeder jedes jedoch kann kannst kein keine keinen können könnte könnten lassen "
        + "man mein meine meinem meinen meiner mich mir mit muss müssen nach nicht nichts noch nun nur ob oder ohne "
        + "schon sehr sein seine seinem seinen seiner seit sich sie sind so sollte sollten sondern sowie über um und "
        + "uns unser unsere unter viel viele vom von vor wann war waren warum was weder wegen weil welche welchem "
        + "welchen welcher welches wenn wer werde werden wie wieder wir wird wo wurde wurden während zu zum zur "
        + "zwischen"
    ),
    (
      "fr",
      "à ai aller alors après as au aucun aujourdhui aussi autre autres aux avait avant avec avez avoir avons bien "
        + "c car ce ceci cela celle celui ces cet cette ceux chaque chez comme comment d dans de depuis des deux "
        + "donc dont du elle elles en encore entre es est et étaient étais était étant été être eu eux fait faire "
        + "faut fut ici il ils j je jusqu l la le les leur leurs lors lorsque lui m ma mais me même mes mien moi "
        + "moins mon n ne ni non nos notre nous on ont ou où par parce pas pendant peut peuvent peux plus plusieurs "
        + "pour pourquoi pouvez puis qu quand que quel quelle quelles quels quelque quelques qui quoi s sa sans se "
        + "selon sera seront ses si sinon soit son sont sous suis sur t ta te tes toi ton tous tout toute toutes "
        + "très tu un une vers vos votre vous y"
    ),
    (
      "es",
      "a además al algo algún alguna algunas alguno algunos ante antes aquel aquella así aún aunque bajo bien "
        + "cada como cómo con contra cual cuál cuales cuáles cualquier cuando cuándo cuánto cuántos cuya cuyo de del "
        + "desde después dónde donde dos durante e el él ella ellas ellos en entonces entre era eran eres es esa esas "
        + "ese eso esos esta está están estar estas este esto estos estoy fue fueron ha haber había habían hace hacer "
        + "hacia han hasta hay he la las le les lo los luego más me mi mí mientras mis mismo muy nada ni no nos "
        + "nosotros nuestra nuestro o os otra otras otro otros para pero poco por porque pueda puede pueden puedo pues "
        + "que qué quien quién quienes se sea según ser si sí sido siempre sin sino sobre solo sólo son soy su sus "
        + "también tan tanto te tengo tener tiene tienen toda todas todo todos tras tu tú tus u un una unas uno unos "
        + "usted ustedes y ya yo"
    ),
    (
      "it",
      "a abbiamo ad agli ai al alcuni alcune all alla alle allo altra altre altri altro anche ancora avere aveva "
        + "c che chi ci cioè col come con cosa così cui d da dagli dai dal dalla dalle dallo degli dei del della delle "
        + "dello di dopo dove due durante e è ed era erano essere fa fare fino fra gli ha hai hanno ho i il in io l la "
        + "le lei li lo loro lui ma me mentre mi mia mie miei mio molto ne nei negli nel nella nelle nello noi non "
        + "nostra nostro o ogni oppure per perché però più poi prima può possono posso quale quali quando quanto quasi "
        + "quella quelle quelli quello questa queste questi questo qui quindi sarà se sei senza si sia siamo siete "
        + "sono sta stata stati stato su sua sue sugli sui sul sulla sulle suo suoi tra tra tu tua tuo tutti tutto un "
        + "una uno vi voi vostra vostro"
    ),
    (
      "pt",
      "a à ainda além algum alguma algumas alguns ao aos apenas após aquela aquele aqui as às assim até cada com "
        + "como contra cuja cujo da das de dela dele deles depois desde dessa desse desta deste do dos durante e é ela "
        + "elas ele eles em enquanto então entre era eram essa essas esse esses esta está estão estar estas este "
        + "estes estou eu foi foram há isso isto já la lhe mais mas me meio mesmo meu meus minha minhas muito na não "
        + "nas nem nenhum nessa nesta neste no nos nós nossa nosso num numa o onde os ou outra outras outro outros "
        + "para pela pelas pelo pelos pode podem por porque posso pois quais qual qualquer quando quanto que quem "
        + "são se seja sem sempre ser será seu seus sido sob sobre sua suas também te tem têm tenho ter teu toda "
        + "todas todo todos tu tudo um uma umas uns vai você vocês"
    ),
    (
      "nl",
      "aan al alle alleen als altijd ben bent bij daar dan dat de deze die dit doen door dus een en er ge geen "
        + "had hadden heb hebben hebt heeft hem het hier hij hoe hun iets ik in is ja je jij jou jouw jullie kan kon "
        + "kunnen kunt maar me meer men met mij mijn moet moeten na naar niet niets nog nu of om omdat onder ons onze "
        + "ook op over te tegen ten ter toch tot tussen u uit uw van vanaf veel voor waar waarom wanneer waren was "
        + "wat welk welke wel werd werden wie wij wil wilt word worden wordt zal ze zich zij zijn zo zoals zonder zou "
        + "zouden"
    ),
    (
      "sv",
      "alla allt än andra att av bara bland blev bli blir då där de dem den denna deras dess dessa det detta dig "
        + "din dina ditt du eller en er era ert ett efter får från för genom göra ha hade han har hans hennes hon hos "
        + "hur här i in innan inte jag ju kan kommer kunde man med mellan men mer mig min mina mitt mot mycket många "
        + "måste någon något några när nu och också om oss på samma sedan sig sin sina sitt ska skall skulle som så "
        + "till under upp ut utan vad var vara varför varit vem vi via vid vilka vilken vilket vill är åt över"
    ),
    (
      "da",
      "ad af alle alt andet andre at blev blive bliver da de dem den denne der deres det dette dig din dine dit "
        + "dog du efter eller en end er et få får for fordi før fra gennem gør gøre ham han hans har havde hende "
        + "hendes her hun hvad hvem hver hvilke hvilken hvis hvor hvordan hvorfor i ikke ind jeg jer kan kun kunne "
        + "lige man mange med meget mellem men mere mig min mine mit mod må nå når noget nogle nogen nu og også om "
        + "op os over på samt sig sin sine sit skal skulle som så til ud under uden var ved vi vil ville være været "
        + "være"
    ),
    (
      "no",
      "alle alt andre at av både ble bli blir blitt bort bruke da de deg dem den denne der dere deres det dette "
        + "din dine disse dit du eller en enn er et etter få får for fordi før fra gjennom gjør gjøre ha hadde han "
        + "hans har henne hennes her hun hva hvem hver hvilke hvilken hvis hvor hvordan hvorfor i ikke inn ingen jeg "
        + "kan kun kunne man mange med meg mellom men mer min mine mitt mot mye må når noe noen nå og også om opp oss "
        + "over på samme seg selv si siden sin sine sitt skal skulle slik som så til under ut uten var ved vi vil "
        + "ville vår være vært"
    ),
    (
      "fi",
      "ei eivät eli emme en että haluan hän hänen häntä he heidän ilman itse ja jälkeen johon joka jokin jolla jos "
        + "joskus jossa josta jota jotka jotta kaikki kanssa kautta kuin kuinka kuka kun kuten kyllä lisäksi me meidän "
        + "mihin mikä mikäli miksi milloin millä minä minun missä mistä mitä mitkä miten mukaan mutta myös ne niiden "
        + "niin nyt ole olen olet oli olivat olla olleet ollut on ovat pitää saa se sekä sen siellä siihen sillä sinä "
        + "sinun sinä sitä sitten siitä tai tämä tämän tässä tästä tätä te teidän toinen tulee vaan vai vaikka vain "
        + "välillä vielä voi voidaan voit voivat yli"
    ),
    (
      "pl",
      "aby ale albo ani bardzo bez był była było były by być ci co czego czy dla do gdy gdzie go i ich im inne "
        + "ja jak jako jakie jaki jaka je jego jej jest jestem jeszcze jeśli jeżeli już każdy kiedy kto która które "
        + "którego której który których którym lub ma mam mają mi mnie może można mój mogą mogę moje na nad nam nas "
        + "nasz nie nich niego nim niż o od on ona one oni oraz pod po podczas ponieważ poza przed przez przy się są "
        + "sobie swoje ta tak także tam te tego tej ten też to tu twój ty tylko tym tych u w we wiele więc wszystko "
        + "wszystkie z za ze że"
    ),
    (
      "cs",
      "a aby aj ale ani ano až bez bude budou by byl byla byli bylo být co což či do ho i já jak jako je jeho jej "
        + "její jejich jen ještě jejich již jsem jsi jsme jsou jste k kde kdo kdy když která které který kterou "
        + "kteří ma má mají mezi mě může můžete mi mít musí my na nad nám nás ne nebo než není o od on ona oni ono "
        + "po pod podle pokud pro proč proto protože před přes při s se si své svůj ta tak také takže tato te tedy "
        + "ten tento této tím to toho tohoto tom tomu tu tuto ty u už v vám vás ve více však všechny z za zda ze že"
    ),
    (
      "sk",
      "a aby aj ako ale alebo ani áno až bez bol bola boli bolo bude budú by byť čo ď do ešte ho ich iba ja je "
        + "jeho jej k kde kedy keď kto ktorá ktoré ktorý ktorých ku ma má majú medzi mi môže môžete musí my na nad "
        + "nám nás nie niektoré o od on ona oni po pod podľa pokiaľ potom práve pre prečo pred pri preto pretože s sa "
        + "si som sme ste sú svoje ta tak takže tam táto ten tento tej to toho tom tu túto ty tým tieto u už v vám vás "
        + "vo viac však všetky z za že"
    ),
    (
      "hu",
      "a abban ahogy ahol aki akkor ami amely amelyek amikor annak arra az azok azon azt azért be benne bár csak "
        + "de e egy egyik egyéb el ennek én és és ez ezek ezt ezért fel ha hanem hogy hogyan hol is itt ki kell "
        + "kellett kapcsán közben között le lehet lesz lett majd maga már meg még mely melyek mert mi miatt miért "
        + "mikor milyen minden mint mit most nagyon ne nekem nem nincs ő ők olyan ott pedig s saját se sem szerint "
        + "található tehát több után utolsó úgy vagy vagyok való van vannak vele volt voltak volna"
    ),
    (
      "ro",
      "a acea aceasta această aceste acest acesta acestea acestei aceștia ai aici al ale am ar are aș asta astfel "
        + "atunci au avea aveți ca că când care cât ce cea cel cele cei cine cu cum da dacă dar de deci decât din "
        + "după e ea ei el ele este eu face fi fie fiind fost îi îl îmi în înainte între își la le lor lui mai mea "
        + "meu mod mult ne nici noi nostru nu o or ori pe pentru peste poate pot prin sa să sale sau se și sunt su "
        + "sub ta te toate tot toți tu un una unde unei unor unui va vă voi vor vostru"
    ),
    (
      "tr",
      "acaba ama ancak arasında bana bazı ben beni benim bir biraz birçok biz bizim bu buna bunlar bunu bunun böyle "
        + "çok çünkü da daha de değil diye eden edilen eğer en gibi göre hangi hem hep her hiç için ile ise içinde "
        + "kadar kendi ki kim kimse mı mi mu mü nasıl ne neden nerede niçin o olan olarak oldu olduğu olduğunu olması "
        + "olmak olsa olur on ona onlar onu onun sadece sana sen senin siz sizin sonra sonunda şey şu tarafından tüm "
        + "üzere üzerinde var vardır ve veya ya yani yok zaman"
    ),
    (
      "ca",
      "a això al algun alguna alguns als altra altre altres amb aquell aquesta aquestes aquest aquests així bé cada "
        + "com contra d de del dels des després doncs durant el ella ells els em en encara entre era eren és esta està "
        + "estan estat fa fer fins ha haver havia he hi ho i ja jo l la les li llavors lo mateix més meu meva meva mentre "
        + "molt molta molts na ni no nosaltres nostra nostre o on pel pels per perquè però poc pot poden pots quan "
        + "que què quin quina quins sense ser seu seva seus seves si sobre són sota també tan té tenen teu tot tota "
        + "totes tots tu un una unes uns va van vosaltres"
    ),
    (
      "id",
      "ada adalah agar akan anda antara apa apakah atas atau bagaimana bagi bahwa banyak baru beberapa belum bisa "
        + "bukan dalam dan dapat dari dengan di dia hanya harus ia ini itu jika juga kami kapan karena ke kepada "
        + "ketika kita lain lebih maka mana masih melalui mengapa menjadi mereka namun oleh pada para sampai sangat "
        + "saat saja saya seperti sebagai sebelum sebuah secara sejak selama semua serta setelah setiap siapa suatu "
        + "sudah supaya tapi telah tentang terhadap tersebut tetapi tidak untuk yaitu yang"
    ),
    (
      "vi",
      "ai anh bạn bằng bị bởi các cả cái cần cho chỉ chúng có còn con cùng của cũng đã đang đây để đến đều đi đó "
        + "do được gì hai hay hơn hoặc khi không là lại làm lên mà mình mỗi một năm nào này nên nếu ngày người nhiều "
        + "như những nhưng ở ông phải qua ra rất sau sẽ sự tại theo thể thì thế trên tôi trong trước từ và vào vẫn về "
        + "vì với vậy"
    ),
    (
      "hr",
      "a ako ali bez bi bih bila bili bilo bio biti će da do dok dva gdje ga i ih ili im iz iza ja je jedan jedna "
        + "jer još kada kad kako kao koja koje koji kojih kojoj koju kroz li među mi mogu može možete moj na nad nakon "
        + "nam nas ne nego nema nije nisu no nu o od oko on ona oni ono ova ovaj ove ovo po pod prema pri prije s sa "
        + "samo se si smo ste su sve svi svoje što šta ta tada taj tako također te to toga tome tu u uz vam vas već "
        + "više vi za zašto zbog"
    ),
    (
      "et",
      "aga ainult et ei ehk enam enne ennast hästi ja järgi juba juures ka kas kes kelle keegi kogu koos kui kuid "
        + "kuidas kus ma me mida miks mille millal millest mis mitte mu mul nad need nende neid ning nii nüüd oli olid "
        + "olla olen oled olema oma on peab pärast pole saab sa sellel sellest seda see selle selles sest siin siis sul "
        + "ta te teie teda tema tuleb üks üle välja vaid väga või võib võivad"
    ),
    (
      "lt",
      "ar ant apie arba aš be bet bus būti buvo dar dėl gali galima ir iš į iki jau jei jeigu ji jie jis jo jos jų "
        + "jums jūs juo kad kai kaip kas kiek kodėl ko koks kur kurie kuri kuris kurių kurį labai mes mano man nėra ne "
        + "nei nes net nuo o pagal per po prie prieš reikia sau savo su tačiau tai taip tam tas ten tik tiek to tu "
        + "turi tuo už visi viskas yra"
    ),
    (
      "eu",
      "arte baina bai bat batean batek baten bera beste bezala bi da dago dagoen den dela dira diren dituen ditu "
        + "du dute edo egin egiten ere eta ez ezin gabe gehiago haren hau hauek hori horren honek izan izango izateko "
        + "nahi nola non zer zein zen zuen ziren zituen"
    ),
    (
      "ga",
      "ach ag agus an ar as ba bhí bhfuil chuig cé cad conas de do don é faoi freisin gach gan go i iad idir in is "
        + "le leis mar mé más na nach ná níl ní nó nuair ó ón raibh roimh sa sé seo sí sin sna sula tá tar thar tú"
    ),
  ]
}
