"""Common given and family names by where they are common, for people who do not exist."""

# ruff: noqa: RUF001 - names are spelled as their bearers spell them

# Each paragraph: a region, its given names, its family names.
_LISTS = """\
english:
    James Olivia Oliver Emma Jack Sophie Thomas Grace Daniel Emily Michael Hannah Ryan Chloe
    Liam Lucy Ethan Sarah Noah Megan Samuel Laura Benjamin Rachel
    / Smith Johnson Williams Brown Jones Taylor Davies Wilson Evans Walker Wright Robinson
    Thompson White Hughes Edwards Green Hall Clarke Murphy Campbell Mitchell Cooper Bailey

german:
    Lukas Anna Felix Lena Jonas Marie Maximilian Laura Paul Julia Leon Katharina Tobias Sarah
    Stefan Sabine Florian Nina Matthias Johanna Sebastian Lisa Jan Franziska
    / Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer
    Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Lange Huber

french:
    Louis Camille Gabriel Manon Hugo Chloé Nicolas Julie Antoine Léa Julien Claire Mathieu
    Élodie Pierre Aurélie Thomas Sophie Guillaume Pauline
    / Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Simon Laurent Lefebvre
    Michel Garcia Fontaine Roux Vincent Fournier Girard Mercier

spanish:
    Alejandro Lucía Daniel María Pablo Paula Carlos Sofía Javier Carmen Diego Elena Sergio Marta
    Luis Ana Andrés Laura Jorge Isabel
    / García Rodríguez Martínez López González Hernández Pérez Sánchez Ramírez Torres Flores
    Rivera Gómez Díaz Morales Ortiz Castillo Romero Navarro Vargas

portuguese:
    João Maria Pedro Ana Lucas Beatriz Rafael Mariana Gustavo Camila Tiago Inês Bruno Juliana
    Felipe Larissa Diogo Sofia André Carolina
    / Silva Santos Oliveira Souza Pereira Costa Ferreira Rodrigues Almeida Nascimento Lima
    Araújo Ribeiro Carvalho Gomes Martins Rocha Barbosa Teixeira Moreira

italian:
    Lorenzo Giulia Alessandro Sofia Matteo Chiara Andrea Francesca Marco Martina Davide Elisa
    Luca Valentina Simone Federica
    / Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti
    Lombardi Mancini Costa

dutch:
    Daan Emma Sem Sanne Bram Lotte Thijs Anouk Jeroen Femke Wouter Marieke Niels Eva Ruben Iris
    Koen Maaike
    / Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Dijkstra Brouwer
    Kok Vermeulen Jacobs Willems Maes

nordic:
    Erik Anna Lars Ingrid Johan Sofia Magnus Astrid Mikkel Freja Henrik Karin Anders Maja Jonas
    Emilie Oskar Elin
    / Andersson Johansson Karlsson Nilsson Larsen Hansen Olsen Jensen Nielsen Pedersen Lindberg
    Berg Holm Eriksson Dahl Lund Svensson Haugen

finnish:
    Mikko Aino Juha Emilia Ville Laura Antti Sanna Timo Noora Janne Helmi
    / Korhonen Virtanen Mäkinen Nieminen Hämäläinen Laine Heikkinen Koskinen Järvinen Lehtonen

polish:
    Jakub Zuzanna Mateusz Julia Piotr Agnieszka Tomasz Magdalena Michał Katarzyna Paweł Ewa
    Krzysztof Aleksandra Marcin Monika
    / Nowak Wójcik Kowalczyk Woźniak Mazur Krawczyk Zając Król Wieczorek Wróbel Dudek Stępień
    Adamczyk Pawlak Sikora Baran

czech:
    Jan Tereza Jakub Eliška Tomáš Anna Petr Lucie Martin Kateřina Ondřej Veronika
    / Novák Svoboda Dvořák Černý Procházka Kučera Veselý Horák Marek Pokorný Hájek Růžička

hungarian:
    Bence Anna Máté Zsófia Gábor Eszter Zoltán Katalin Péter Réka Balázs Dóra
    / Nagy Kovács Tóth Szabó Horváth Varga Kiss Molnár Németh Farkas Balogh Papp

romanian:
    Andrei Maria Alexandru Elena Mihai Ioana Cristian Andreea Radu Raluca Vlad Diana
    / Popescu Ionescu Popa Radu Dumitru Stan Stoica Gheorghe Matei Ciobanu Rusu Munteanu

russian:
    Alexander Anastasia Dmitry Maria Ivan Ekaterina Sergey Olga Mikhail Natalia Andrey Elena
    Nikita Daria Alexey Irina
    / Ivanov Smirnov Kuznetsov Popov Vasiliev Petrov Sokolov Mikhailov Novikov Fedorov Morozov
    Volkov Alekseev Lebedev Semenov Egorov

ukrainian:
    Oleksandr Olena Andriy Iryna Dmytro Oksana Bohdan Kateryna Serhiy Yulia Taras Sofiia
    / Melnyk Shevchenko Boyko Kovalenko Bondarenko Tkachenko Kravchenko Oliynyk Lysenko
    Marchenko Rudenko Savchenko

turkish:
    Mehmet Ayşe Mustafa Zeynep Emre Elif Burak Merve Can Deniz Murat Selin Ali Ece
    / Yılmaz Kaya Demir Çelik Şahin Yıldız Aydın Öztürk Arslan Doğan Kılıç Aslan Çetin Koç

arabic:
    Ahmed Fatima Youssef Leila Karim Amina Omar Nadia Mehdi Samira Rachid Salma
    / Benali Haddad Mansouri Cherif Khalil Saidi Bouzid Amrani Nasser Rahmani Belkacem Zidane

pakistani:
    Ali Ayesha Hassan Fatima Usman Zainab Bilal Hira Hamza Sana Ahmed Maryam
    / Khan Ahmed Malik Hussain Butt Shah Iqbal Raza Qureshi Chaudhry Siddiqui Javed

indian:
    Aarav Priya Rahul Ananya Arjun Sneha Vikram Divya Rohan Pooja Karthik Kavya Sanjay Neha Amit
    Shreya Suresh Meera Nikhil Lakshmi Aditya Swati
    / Sharma Patel Singh Kumar Gupta Reddy Iyer Nair Mehta Joshi Rao Verma Desai Menon Agarwal
    Chatterjee Pillai Bose Kulkarni Mishra Banerjee Shetty

chinese:
    Wei Fang Ming Li Jun Yan Hao Xin Jie Mei Lei Ting Yang Hui Chen Na
    / Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Lin

japanese:
    Haruto Yui Sota Aoi Ren Sakura Takumi Hina Kenji Yuki Daiki Mio
    / Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada

korean:
    Minjun Seoyeon Jiho Jiwoo Hyunwoo Minji Sungmin Yuna Donghyun Hana Jaehyun Soyeon
    / Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh

vietnamese:
    Minh Linh Anh Trang Duc Huong Tuan Thao Long Mai Khoa Ngoc
    / Nguyen Tran Le Pham Hoang Phan Vu Dang Bui Do Ho Ngo

indonesian:
    Budi Siti Agus Dewi Andi Putri Rizky Ayu Dimas Rina Fajar Indah
    / Santoso Wijaya Saputra Hidayat Nugroho Setiawan Kusuma Pratama Wibowo Susanto Gunawan
    Lestari

hebrew:
    Noam Noa David Tamar Yosef Maya Itai Shira Daniel Yael Omer Michal
    / Cohen Levi Mizrahi Peretz Biton Dahan Avraham Friedman Katz Azoulay Shapiro Golan

african:
    Chidi Amara Tunde Ngozi Emeka Zanele Kwame Thandiwe Sipho Adaeze Kofi Lerato Femi Nomsa
    / Okafor Adeyemi Okonkwo Nkosi Dlamini Mensah Balogun Ndlovu Eze Mokoena Abiola Khumalo
    Owusu Sithole
"""


def _read(paragraph: str) -> tuple[str, tuple[list[str], list[str]]]:
    region, names = paragraph.split(":")
    given, family = names.split("/")
    return region, (given.split(), family.split())


NAMES = dict(map(_read, _LISTS.split("\n\n")))
"""By region: given names and family names."""
